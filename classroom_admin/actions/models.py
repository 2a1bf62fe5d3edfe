"""What commands keep of their own, beside the record."""

from classroom_admin.actions.bulk.models import BulkItem, BulkRun

__all__ = ["BulkItem", "BulkRun"]
