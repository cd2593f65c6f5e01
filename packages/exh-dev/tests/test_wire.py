"""Whatever a path and a query hold, the platform reads over the wire what the client has signed."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exh_dev.serve.local_platform import LocalPlatform
from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from extrahorizon.errors import CredentialsRejectedError, PlatformError


@pytest.fixture(scope="module")
def session():
    with LocalPlatform() as platform:
        platform.start()
        first = platform.credentials
        yield ExtraHorizon(
            Credentials(platform.url, first.consumer_key, first.consumer_secret, first.token, first.token_secret)
        ).session


TEXT = st.text(st.characters(codec="utf-8"), max_size=20)


@pytest.mark.slow
@given(path=TEXT, query=TEXT)
@settings(max_examples=300)
@example(path="%2f%c3%a9/../x//y;z", query="eq(a[0],'b')&c=d=e&f+g%20h&%zz&100%&]=")
@example(path="#?", query='#?\x00\r\n\t \\^`{|}"<>[]')
def test_no_path_or_query_breaks_the_signature(session, path, query):
    try:
        session.get(f"/nothing/v1/{path.replace('?', '')}?{query}")
    except CredentialsRejectedError:
        raise
    except PlatformError as error:
        assert error.status == 404  # noqa: PT017 - what is not there is not there, and the signature was accepted
