"""What tests share: servers to talk to, kinds of jobs to run."""
