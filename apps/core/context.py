"""What every template may say without a view's help."""

from typing import Any

from django.http import HttpRequest

from config.product import PRODUCT


def product(request: HttpRequest) -> dict[str, Any]:
    """Give templates `product`, the names and colours of config/product.py."""
    return {"product": PRODUCT}
