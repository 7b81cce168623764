"""Sample material, drawn by the project itself.

Every person, school and deed shown here is invented; nothing is taken from a real archive. Pillow
is the guest of preservation; this room is the one exception, because it makes pictures instead of
judging them. Only the fonts in `fonts/` are used, so that the drawings are the same on every
machine.
"""
