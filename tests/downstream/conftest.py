"""`make test` leaves this folder alone: it needs packages of an environment of its own."""

collect_ignore_glob = ["*"]
