"""HTTP: routes, live stream, exports."""
