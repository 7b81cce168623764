"""The verbs: what people and the clock make happen.

verb(session, tools, actor, ...): no flask, no commit; only here may storage,
preservation and search meet the catalogue.
"""
