"""Description: what is said about an item, as pure values.

Values in, values out: no clock, no disk, no database, no request. The code
lists in data/ are read once, when the room is imported. What DA/T standards
say is preset data that a school may change; nothing here is law.
"""
