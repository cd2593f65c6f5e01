"""The mail service: mails from a template or plain text, stored and optionally forwarded over SMTP."""
