"""What a person sees: pydeck layers, pages, reports."""
