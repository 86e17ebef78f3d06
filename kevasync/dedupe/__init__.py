"""Which records are one person or organisation: blocking, comparison, scoring, clusters, survivorship, merge plans.

The way from a table to clusters, with no labels and no workspace:

    from kevasync.dedupe import pipeline
    from kevasync.dedupe.clustering import Constraint, clusters

    con = duckdb.connect()
    pairs = pipeline.find_pairs(con, [Path("customers.csv")], columns=None)   # roles guessed from the headers
    pairs.table          # pyarrow: id_a, id_b (text), probability (float64), weight (bits, float64); id_a before id_b
    pairs.report         # counts, and every blocking rule with its cost, pairs and whether it was capped
    pairs.explain([("k1", "s7")])             # [[Evidence(field="email", bits=7.1, a="…", b="…"), …]], prior first
    clusters(pairs, [Constraint("k1", "s7", same=False)])   # pyarrow: id, cluster; every record of the table once

- `pipeline.find_pairs(con, source, columns, *, scorer=None, floor=0.01) -> Pairs`: `source` is paths, or the name of a
  table or view on `con` (it is read, never changed); `columns` is what `columns.parse("id=Id,name=Name,…")` gives, one
  for each path or one for all, or None to guess. Raises UsageError (catalogue/dedupe.toml).
- `scoring.Scorer.load(path=None) -> Scorer`: the model shipped in models/. Raises UsageError model-missing,
  model-tampered, model-version. `python -m kevasync.dedupe.training` makes it anew.
- `refit.choose(pairs, count, known=()) -> list[Asked]`: which pairs to ask a person about.
- `refit.refit(pairs, labels) -> Pairs`: the same pairs with scores that follow 20 to 200 answers, within bounds. Raises
  UsageError dedupe-labels. `refit.learn` also tells how many labels were used, contradicted and unknown.
- `Pairs.explain(asked) -> list[list[Evidence]]`: bits by field, which sum up to the pair's own weight
  (`Evidence.field` is a role of columns.ROLES, "prior" or "together"; positive speaks for one person).
- `clustering.clusters(pairs, constraints=(), threshold=0.5) -> pa.Table`: a "different" decision holds for ever, also
  between groups; a chain of weak links does not join two strong groups.
"""
