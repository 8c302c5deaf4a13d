"""What the worklist leaves in the audit trail."""

from aiguille.audit.registry import define

TASK_OPENED = define("worklist:task:opened", fr="Tâche ouverte", en="Task opened")
TASK_TAKEN = define("worklist:task:taken", fr="Tâche prise", en="Task taken")
TASK_DONE = define("worklist:task:done", fr="Tâche faite", en="Task done")
