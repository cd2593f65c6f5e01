from extrahorizon.api import ApiFunction

app = ApiFunction()
handler = app.handler
