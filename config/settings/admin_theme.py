"""How the admin looks: its name and its first page. What stands in its menu, apps register in `config.menu`."""

from django.templatetags.static import static

UNFOLD = {
    "SITE_TITLE": "Atelier",
    "SITE_HEADER": "Atelier",
    "SITE_SYMBOL": "architecture",
    "SITE_URL": "/docs",
    "SHOW_HISTORY": True,
    "SHOW_LANGUAGES": True,
    "DASHBOARD_CALLBACK": "generation.admin.home.dashboard",
    "STYLES": [lambda request: static("admin_theme/theme.css")],
    "SIDEBAR": {"show_search": True, "navigation": "config.menu.navigation"},
}
