"""Keep what is typed on an edit page until it is saved

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('edit_drafts',
    sa.Column('item_id', sa.String(length=36), nullable=False),
    sa.Column('account_id', sa.String(length=36), nullable=False),
    sa.Column('seen', sa.Integer(), nullable=False),
    sa.Column('typed', sa.JSON(), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_edit_drafts_account_id_accounts'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['item_id'], ['items.id'], name=op.f('fk_edit_drafts_item_id_items'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('item_id', 'account_id', name=op.f('pk_edit_drafts'))
    )


def downgrade() -> None:
    op.drop_table('edit_drafts')
