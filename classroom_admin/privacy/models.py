"""The database models of this package."""

from classroom_admin.privacy.person_models import ErasedIdentity as ErasedIdentity
from classroom_admin.privacy.person_models import Erasure as Erasure
from classroom_admin.privacy.person_models import ErasureKey as ErasureKey
from classroom_admin.privacy.person_models import PersonJob as PersonJob
from classroom_admin.privacy.retention_models import RetentionRun as RetentionRun
