"""repository tells people: the Flask app, its verbs and its catalogue."""
