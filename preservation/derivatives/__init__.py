"""derivatives makes what people look at; originals are never changed."""
