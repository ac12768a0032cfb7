"""Pack the core with the models and tables that ship; everything else says pyproject.toml.

The dashboard and the scripts run from a copy of the project.
"""

from setuptools import find_namespace_packages, setup

setup(
    packages=[*find_namespace_packages(include=["relrec_core*"]), "relrec_core.assets"],
    package_dir={"relrec_core.assets": "assets"},
    package_data={"relrec_core.assets": ["**/*"]},
)
