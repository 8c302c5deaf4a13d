"""The only door from a member of staff to a task."""

from uuid import UUID

from aiguille.accounts.rights import Right, require
from aiguille.kernel.actor import Actor
from aiguille.plumbing.access import NotVisible
from aiguille.worklist.queries import TaskView, find_task


def get_task_for(*, actor: Actor, task_id: UUID) -> TaskView:
    """Return a task of one of the actor's roles, or one that they own.

    Raises:
        NotAllowed: the actor has no worklist.
        NotVisible: there is none, or it is for other roles.
    """
    require(actor, Right.SEE_WORKLIST)
    task = find_task(task_id)
    if task is None or (task.owner_id != actor.id and task.role not in actor.roles):
        raise NotVisible
    return task
