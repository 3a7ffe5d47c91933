"""What the documentation shows."""

USER = {
    "id": "0193f2a4-1c7d-7e0a-8f52-b6c1d9e3a470",
    "username": "李雷",
    "email": "lilei@example.com",
    "role": "user",
    "settings": {"theme": "system", "language": "zh", "notifications": True},
    "last_login": "2026-03-01T08:30:00.000000Z",
    "created_at": "2026-02-11T02:15:42.118000Z",
    "password_changed_at": "2026-02-11T02:15:42.118000Z",
}
TOKENS = {"access": "eyJ…", "refresh": "eyJ…", "token_type": "Bearer", "expires_in": 900}
SESSION = {**TOKENS, "user": USER}
