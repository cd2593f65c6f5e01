"""The template service, version 2: Handlebars with the platform's helpers, and PDF.

JavaScript's formats of numbers and dates, which the helpers use, are here, too.
"""
