"""The questionnaire, one question a screen."""
