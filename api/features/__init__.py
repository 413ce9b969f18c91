"""OGC API Features 1.0 (parts 1 to 3) with CQL2, and OGC API Tiles 1.0, on the twin's collections."""
