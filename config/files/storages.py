"""Files on this machine's disk."""

from django.core.files.storage import FileSystemStorage


class DiskStorage(FileSystemStorage):
    """A folder. It hands out no links of its own: files are sent from an address of ours (`config.files.sending`)."""

    def signed_url(self, key: str, *, seconds: int, media_type: str, disposition: str) -> None:
        """None: there is none."""
        return
