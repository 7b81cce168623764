"""storage keeps bytes and never judges them."""
