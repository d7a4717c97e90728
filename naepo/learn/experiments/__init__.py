"""What is measured here and now when a reader asks for it; torch is loaded only then."""
