"""Tests of the drawn sample material."""
