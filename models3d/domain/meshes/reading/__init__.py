"""Files of strangers become meshes. Each reader checks what a file says of itself against what it holds, and what that
would become in memory, before it takes the memory; none of them opens anything else."""
