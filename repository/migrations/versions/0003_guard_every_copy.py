"""Guard every copy: seals, media, receipts, heartbeats, reports

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('anchors',
    sa.Column('number', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.Column('heads', sa.JSON(), nullable=False),
    sa.Column('mac', sa.String(length=64), nullable=False),
    sa.Column('carried', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_anchors'))
    )
    op.create_table('audit_entries',
    sa.Column('sequence', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.Column('act', sa.String(length=60), nullable=False),
    sa.Column('outcome', sa.String(length=10), nullable=False),
    sa.Column('actor_id', sa.String(length=36), nullable=False),
    sa.Column('actor_name', sa.String(length=80), nullable=False),
    sa.Column('actor_kind', sa.String(length=12), nullable=False),
    sa.Column('object_kind', sa.String(length=12), nullable=False),
    sa.Column('object_id', sa.String(length=64), nullable=False),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('sequence', name=op.f('pk_audit_entries'))
    )
    with op.batch_alter_table('audit_entries', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_entries_at'), ['at'], unique=False)
        batch_op.create_index('ix_audit_entries_object', ['object_kind', 'object_id'], unique=False)

    op.create_table('heartbeats',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('began_at', sa.DateTime(), nullable=True),
    sa.Column('ended_at', sa.DateTime(), nullable=True),
    sa.Column('good_at', sa.DateTime(), nullable=True),
    sa.Column('trouble', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_heartbeats'))
    )
    op.create_table('media',
    sa.Column('id', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('owner', sa.String(length=80), nullable=False),
    sa.Column('place', sa.String(length=120), nullable=False),
    sa.Column('rotation_days', sa.Integer(), nullable=False),
    sa.Column('check_days', sa.Integer(), nullable=False),
    sa.Column('recipients', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('written_at', sa.DateTime(), nullable=True),
    sa.Column('checked_at', sa.DateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_media')),
    sa.UniqueConstraint('name', name=op.f('uq_media_name'))
    )
    op.create_table('receipts',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('submission_id', sa.String(length=36), nullable=False),
    sa.Column('code', sa.String(length=24), nullable=False),
    sa.Column('issued_at', sa.DateTime(), nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('signature', sa.Text(), nullable=False),
    sa.Column('key_id', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_receipts')),
    sa.UniqueConstraint('code', name=op.f('uq_receipts_code'))
    )
    with op.batch_alter_table('receipts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_receipts_submission_id'), ['submission_id'], unique=False)

    op.create_table('reports',
    sa.Column('id', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.Column('outcome', sa.String(length=10), nullable=False),
    sa.Column('subject', sa.String(length=80), nullable=False),
    sa.Column('facts', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reports'))
    )
    with op.batch_alter_table('reports', schema=None) as batch_op:
        batch_op.create_index('ix_reports_kind_at', ['kind', 'at'], unique=False)

    op.create_table('seals',
    sa.Column('number', sa.Integer(), autoincrement=True, nullable=False),
    sa.Column('log', sa.String(length=8), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('mac', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_seals')),
    sa.UniqueConstraint('log', 'sequence', name=op.f('uq_seals_log_sequence'))
    )
    op.create_table('store_cards',
    sa.Column('store_id', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('place', sa.String(length=120), nullable=False),
    sa.Column('interval_days', sa.Integer(), nullable=True),
    sa.Column('nightly_gb', sa.Integer(), nullable=True),
    sa.PrimaryKeyConstraint('store_id', name=op.f('pk_store_cards'))
    )
    with op.batch_alter_table('collections', schema=None) as batch_op:
        batch_op.add_column(sa.Column('copies', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('places', sa.Integer(), nullable=True))

    with op.batch_alter_table('copies', schema=None) as batch_op:
        batch_op.add_column(sa.Column('asked_at', sa.DateTime(), nullable=True))
        batch_op.add_column(sa.Column('run_id', sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f('ix_copies_run_id'), ['run_id'], unique=False)
        batch_op.drop_index('ix_copies_due')
        batch_op.create_index('ix_copies_due', ['store_id', 'checked_at', 'id'], unique=False)
        batch_op.add_column(sa.Column('prior_state', sa.String(length=12), server_default='unknown', nullable=False))
        batch_op.add_column(sa.Column('prior_checked_at', sa.DateTime(), nullable=True))

    with op.batch_alter_table('fixity_runs', schema=None) as batch_op:
        batch_op.add_column(sa.Column('canaries', sa.JSON(), server_default='{}', nullable=False))
        batch_op.add_column(sa.Column('invalid', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column('away', sa.JSON(), server_default='{}', nullable=False))
    for table in ("audit_entries", "seals"):
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuse_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} are append-only'); END"
            )


def downgrade() -> None:
    with op.batch_alter_table('fixity_runs', schema=None) as batch_op:
        batch_op.drop_column('away')
        batch_op.drop_column('invalid')
        batch_op.drop_column('canaries')

    with op.batch_alter_table('copies', schema=None) as batch_op:
        batch_op.drop_column('prior_checked_at')
        batch_op.drop_column('prior_state')
        batch_op.drop_index('ix_copies_due')
        batch_op.create_index('ix_copies_due', ['checked_at'], unique=False)
        batch_op.drop_index(batch_op.f('ix_copies_run_id'))
        batch_op.drop_column('run_id')
        batch_op.drop_column('asked_at')

    with op.batch_alter_table('collections', schema=None) as batch_op:
        batch_op.drop_column('places')
        batch_op.drop_column('copies')

    op.drop_table('store_cards')
    op.drop_table('seals')
    with op.batch_alter_table('reports', schema=None) as batch_op:
        batch_op.drop_index('ix_reports_kind_at')

    op.drop_table('reports')
    with op.batch_alter_table('receipts', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_receipts_submission_id'))

    op.drop_table('receipts')
    op.drop_table('media')
    op.drop_table('heartbeats')
    with op.batch_alter_table('audit_entries', schema=None) as batch_op:
        batch_op.drop_index('ix_audit_entries_object')
        batch_op.drop_index(batch_op.f('ix_audit_entries_at'))

    op.drop_table('audit_entries')
    op.drop_table('anchors')
