"""Search, once for the whole house (docs/architecture.md, "Search"; docs/adr/0024).

folding    what makes two texts the same to a search, and what a search is made of
grams      the short pieces of text that the index knows
fields     the column that holds a row's folded texts, and what keeps it right
hits       the keys of the rows that an index finds
snippets   where the words stand in the text that was found
building   the operations of migrations that fill the column and make the index
"""
