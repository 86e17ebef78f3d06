"""What kevasync remembers: state, snapshots, links, base, ledger, decisions, secrets."""
