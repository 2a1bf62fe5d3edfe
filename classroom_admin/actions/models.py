"""What commands that take long leave in the database, so that they go on after a reload or a crash."""

from classroom_admin.actions.bulk.models import BulkItem, BulkRun
from classroom_admin.actions.file_models import HeldDeletion, Upload
from classroom_admin.actions.planning.models import PlannedClass, Series
from classroom_admin.actions.removals.models import PlannedRemoval

__all__ = ["BulkItem", "BulkRun", "HeldDeletion", "PlannedClass", "PlannedRemoval", "Series", "Upload"]
