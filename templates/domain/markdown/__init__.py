"""The Markdown that documents are written in, and what it has beyond CommonMark."""
