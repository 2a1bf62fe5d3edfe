"""The models of this app, gathered where Django looks for them."""

from classroom_admin.actions.removals.models import PlannedRemoval as PlannedRemoval
