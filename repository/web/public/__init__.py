"""Pages for everybody: what a visitor, and each signed-in person by right, can find and see."""
