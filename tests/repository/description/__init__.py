"""Tests of the description room: plain asserts, no fixtures."""
