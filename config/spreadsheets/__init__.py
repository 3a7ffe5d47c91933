"""Tables as CSV, as spreadsheets in China and elsewhere write them."""
