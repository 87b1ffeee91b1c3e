"""Template tags that know no tenant; `ui` is loaded into every template."""
