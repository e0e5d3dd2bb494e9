"""Run by Alembic: migrates over the connection that `storage.migrate` opened and locked."""

from alembic import context

from gitops_auditor.storage.metadata import metadata
from gitops_auditor.storage.pipeline_tables import pipelines  # noqa: F401 - registers its tables
from gitops_auditor.storage.plan_tables import plans  # noqa: F401 - registers its tables
from gitops_auditor.storage.quality_tables import quality_gates  # noqa: F401 - registers its tables
from gitops_auditor.storage.tables import repositories  # noqa: F401 - registers its tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # The caller's transaction spans all revisions: all of them are applied, or none.
    transactional_ddl=False,
    render_as_batch=True,
    compare_server_default=False,
)
context.run_migrations()
