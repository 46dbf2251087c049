"""Checks a junit.xml of the gate against the schemas in use, and reads it as CI systems do.

Run:  pip install "lxml==6.1.3" "junitparser==5.0.3"
      python junit_schema.py junit.xml JUnit.xsd junit-10.xsd

JUnit.xsd is Ant's, from github.com/windyroad/JUnit-Schema (commit 2378e66); junit-10.xsd that of Jenkins' xUnit plugin,
from github.com/jenkinsci/xunit-plugin (commit 031e285). Neither is shipped here; the rules of both that a test can hold to
are in src/junit/tests.rs.
"""

import sys

import junitparser
from lxml import etree

report, *schemas = sys.argv[1:]
document = etree.parse(report)
for path in schemas:
    schema = etree.XMLSchema(etree.parse(path))
    print(f"{path}: {'valid' if schema.validate(document) else schema.error_log}")
    if schema.error_log:
        sys.exit(1)
for suite in junitparser.JUnitXml.fromfile(report):
    print(f"{suite.name}: {suite.tests} tests, {suite.failures} failures, {suite.errors} errors, {suite.skipped} skipped")
