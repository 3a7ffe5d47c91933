"""What can go wrong with accounts."""

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
