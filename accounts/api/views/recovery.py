"""For who can't log in: a new password, a confirmed address. What is answered tells nothing of any account."""

from rest_framework.request import Request

from accounts.api.serializers.users import EmailConfirmIn, LoginNameIn, PasswordResetIn
from accounts.api.views.auth import PublicApi
from accounts.errors import EmailNotSetUpError, LinkInvalidError
from accounts.services.recovery import (
    confirmation_request,
    email_confirm,
    password_reset,
    password_reset_request,
)
from config.api.schema import operation
from config.api.throttling import AddressLimit
from config.api.views import NoContent


class PasswordResetRequestApi(PublicApi):
    @operation(
        "Ask for a link to a new password",
        description=(
            "Sent to the account's address, if there is such an account; the answer is the same without. At most five "
            "an hour are sent to one account."
        ),
        request=LoginNameIn,
        request_example={"login": "lilei@example.com"},
        status=204,
        errors=[EmailNotSetUpError],
        operation_id="requestPasswordReset",
    )
    def post(self, request: Request) -> NoContent:
        given = self.read(LoginNameIn)
        AddressLimit(request, "mails").begin()
        password_reset_request(**given)
        return NoContent()


class PasswordResetApi(PublicApi):
    @operation(
        "Set a new password by a link",
        description=(
            "`token` is the part of the link after `token=`. It works once, for an hour. Every session of the account "
            "ends; log in with the new password."
        ),
        request=PasswordResetIn,
        request_example={"token": "WyIwMTlh…", "new_password": "更好的 password 42"},
        status=204,
        errors=[LinkInvalidError],
        operation_id="resetPassword",
    )
    def post(self, request: Request) -> NoContent:
        given = self.read(PasswordResetIn)
        AddressLimit(request, "links").begin()
        password_reset(token=given["token"], new=given["new_password"])
        return NoContent()


class ConfirmationRequestApi(PublicApi):
    @operation(
        "Ask once more for the link that confirms an e-mail address",
        description="Sent to an account that waits for it; the answer is the same without one.",
        request=LoginNameIn,
        request_example={"login": "lilei@example.com"},
        status=204,
        errors=[EmailNotSetUpError],
        operation_id="requestEmailConfirmation",
    )
    def post(self, request: Request) -> NoContent:
        given = self.read(LoginNameIn)
        AddressLimit(request, "mails").begin()
        confirmation_request(**given)
        return NoContent()


class EmailConfirmApi(PublicApi):
    @operation(
        "Confirm an e-mail address by a link",
        description="`token` is the part of the link after `token=`, good for a week. Then the account can log in.",
        request=EmailConfirmIn,
        request_example={"token": "WyIwMTlh…"},
        status=204,
        errors=[LinkInvalidError],
        operation_id="confirmEmail",
    )
    def post(self, request: Request) -> NoContent:
        given = self.read(EmailConfirmIn)
        AddressLimit(request, "links").begin()
        email_confirm(**given)
        return NoContent()
