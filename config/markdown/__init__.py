"""The Markdown that people and models write, what it has beyond CommonMark, and as HTML that is safe to show."""
