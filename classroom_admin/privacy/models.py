"""The database models of this package."""

from classroom_admin.privacy.retention_models import RetentionRun as RetentionRun
