"""Engine: free starts and courses over practitioners, rooms, devices and sites. Plain Python."""
