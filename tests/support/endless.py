"""A program that takes all the time and memory that it gets."""

if __name__ == "__main__":
    kept = []
    while True:
        kept.append(bytes(10_000))
        kept = kept[-10_000:]
