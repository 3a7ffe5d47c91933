"""What can go wrong with accounts."""

from collections.abc import Sequence

from config.errors import AppError


class CredentialsWrongError(AppError):
    code = "CREDENTIALS_WRONG"
    status = 401
    en = "This name and password don't belong together. Check both; letters' case counts in the password."
    zh = "用户名与密码不匹配，请检查两者；密码区分大小写。"


class UsernameTakenError(AppError):
    code = "USERNAME_TAKEN"
    status = 409
    en = "This username belongs to somebody else. Choose another one."
    zh = "该用户名已被使用，请换一个。"


class EmailTakenError(AppError):
    code = "EMAIL_TAKEN"
    status = 409
    en = "An account with this e-mail address exists already. Log in, or use another address."
    zh = "该邮箱已注册账户，请直接登录或使用其他邮箱。"


class PasswordWrongError(AppError):
    code = "PASSWORD_WRONG"
    status = 403
    en = "The current password is not right, so nothing was changed."
    zh = "当前密码不正确，未做任何更改。"


class AccessTokenLimitError(AppError):
    code = "ACCESS_TOKEN_LIMIT_REACHED"
    status = 409
    en = "An account has at most {limit} access tokens. Delete one that you no longer need, then make the new one."
    zh = "每个账户最多可有 {limit} 个访问令牌。请先删除不再需要的令牌，再创建新的。"


class ProviderKeyLimitError(AppError):
    code = "PROVIDER_KEY_LIMIT_REACHED"
    status = 409
    en = "An account has at most {limit} provider keys. Delete one that you no longer need, then add the new one."
    zh = "每个账户最多可有 {limit} 个服务商密钥。请先删除不再需要的密钥，再添加新的。"


class ProviderKeyNeededError(AppError):
    code = "PROVIDER_KEY_NEEDED"
    status = 422
    en = (
        "A stored key is sent only to the address that it was entered for. To change the address, send the key along: "
        "api_key."
    )
    zh = "已保存的密钥只会发送到录入时填写的地址。修改地址时请同时提交密钥：api_key。"


class ProviderKeyRefusedError(AppError):
    code = "PROVIDER_KEY_REFUSED"
    status = 422
    en = "The provider refuses this key. Check that it was copied whole, belongs to this provider and isn't revoked."
    zh = "服务商拒绝了该密钥。请检查密钥是否复制完整、是否属于该服务商、是否已被撤销。"


class ProviderKeyNoCreditError(AppError):
    code = "PROVIDER_KEY_NO_CREDIT"
    status = 422
    en = "The provider knows this key, but its account has no credit left. Top it up at the provider."
    zh = "服务商认可该密钥，但其账户余额不足。请在服务商处充值。"


class ProviderKeyUncheckedError(AppError):
    """The address was reached but lists no models, so nothing is known about the key."""

    code = "PROVIDER_KEY_UNCHECKED"
    status = 422
    en = (
        "The address answers, but lists no models, so the key couldn't be checked. Check the path (it usually ends in "
        "/v1); if it is right, save the key without verifying it."
    )
    zh = (
        "该地址有应答，但没有模型列表，因此无法验证密钥。请检查路径（通常以 /v1 结尾）；"
        "若确认无误，可不经验证直接保存。"
    )


class ProviderModelUnknownError(AppError):
    """`near` are names of the provider's list that resemble the one asked for."""

    code = "PROVIDER_MODEL_UNKNOWN"
    status = 422
    en = "The provider lists no model {model} for this key. Near it are: {near}. Check model_name."
    zh = "服务商没有为该密钥列出模型 {model}，相近的有：{near}。请检查 model_name。"

    def __init__(self, *, model: str, near: Sequence[str]) -> None:
        super().__init__(
            model=model, near=", ".join(near) or "-", details={"model": model, "near": list(near)}
        )


class BudgetExceededError(AppError):
    code = "BUDGET_EXCEEDED"
    status = 402
    en = (
        "This may cost {needed}, but of this month's budget of {limit}, {used} are used and {reserved} are set aside "
        "for calls that run or whose outcome is open. It renews at {renews_at}; staff can raise it."
    )
    zh = (
        "此操作最多需要 {needed}，而本月预算 {limit} 中已使用 {used}，另有 {reserved} 为进行中或结果未定的调用预留。"
        "预算将于 {renews_at} 重置；工作人员可以提高上限。"
    )


class BudgetHeldError(BudgetExceededError):
    """The money is there, but set aside for calls that run: it may be given back soon."""

    retryable = True


class LastSuperuserError(AppError):
    code = "LAST_SUPERUSER"
    status = 409
    en = "This is the only superuser. Make another account a superuser first."
    zh = "这是唯一的超级用户。请先将另一个账户设为超级用户。"


class RegistrationClosedError(AppError):
    code = "REGISTRATION_CLOSED"
    status = 403
    en = "Accounts are opened by staff here. Ask them for one."
    zh = "本站账户由工作人员开通，请与其联系。"


class InvitationNeededError(AppError):
    code = "INVITATION_NEEDED"
    status = 403
    en = "An account is opened with an invitation here: send it as `invitation`, the part of its link after token=."
    zh = "本站注册需要邀请：请将邀请链接中 token= 之后的部分作为 invitation 提交。"


class InvitationInvalidError(AppError):
    code = "INVITATION_INVALID"
    status = 403
    en = (
        "This invitation is not good: mistyped, used, run out, taken back, or for another e-mail address. Ask for a "
        "new one."
    )
    zh = "该邀请无效：可能输入有误、已被使用、已过期、已被撤回，或属于其他邮箱。请索取新的邀请。"


class EmailNotConfirmedError(AppError):
    """Said only to who knows the password."""

    code = "EMAIL_NOT_CONFIRMED"
    status = 403
    en = (
        "Confirm your e-mail address first, by the link that was sent to it. POST /auth/confirm-email/send sends it "
        "again."
    )
    zh = "请先通过发送到您邮箱的链接完成邮箱验证。可用 POST /auth/confirm-email/send 重新发送。"


class LinkInvalidError(AppError):
    code = "LINK_INVALID"
    status = 403
    en = "This link is not good any more: it was used, has run out, or was not copied whole. Ask for a new one."
    zh = "该链接已失效：可能已被使用、已过期或未复制完整。请重新申请。"


class EmailNotSetUpError(AppError):
    code = "EMAIL_NOT_SET_UP"
    status = 503
    en = "This server sends no e-mail. Ask its operator: manage.py reset_password makes a link without one."
    zh = "本服务器未配置邮件发送。请联系运营方：manage.py reset_password 可直接生成链接。"
