"""The product's web application in the storm, for `gunicorn tests.storm.wsgi`."""

from tests.storm.product import wsgi_application

application = wsgi_application()
