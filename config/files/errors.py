"""What can go wrong with files."""

from typing import Any

from config.errors import AppError


class FileNotHereError(AppError):
    code = "FILE_NOT_FOUND"
    status = 404
    en = "There is no such file, or it isn't yours."
    zh = "该文件不存在，或不属于您。"


class FileUnknownError(AppError):
    """Raised where something is to refer to files, by the keys that aren't the owner's."""

    code = "FILE_UNKNOWN"
    status = 422
    en = "There are no such files of yours: {file_ids}. Upload them first (POST /api/v1/files)."
    zh = "您没有这些文件：{file_ids}。请先上传（POST /api/v1/files）。"


class FileEmptyError(AppError):
    code = "FILE_EMPTY"
    status = 422
    en = "The file is empty."
    zh = "文件是空的。"


class FileTooLargeError(AppError):
    code = "FILE_TOO_LARGE"
    status = 413
    en = "The file is larger than {limit} bytes."
    zh = "文件超过 {limit} 字节。"


class FileTypeRefusedError(AppError):
    code = "FILE_TYPE_REFUSED"
    status = 422
    en = "By its content the file is none of: {types}. Text must be UTF-8; the name and the declared type don't count."
    zh = "按内容判断，该文件不属于以下类型：{types}。文本须为 UTF-8；文件名和声明的类型不作依据。"


class PictureBrokenError(AppError):
    code = "FILE_PICTURE_BROKEN"
    status = 422
    en = "The picture is cut off or damaged, so that it can't be shown. Save it anew and send that."
    zh = "图片不完整或已损坏，无法显示。请重新保存后再发送。"


class PictureTooLargeError(AppError):
    code = "FILE_PICTURE_TOO_LARGE"
    status = 422
    en = "The picture has {width} × {height} pixels; at most {limit} pixels in all are taken."
    zh = "图片为 {width} × {height} 像素，总像素数不能超过 {limit}。"


class FileQuotaError(AppError):
    code = "FILE_QUOTA_EXCEEDED"
    status = 409
    en = "Your files have {used} bytes already, and {limit} are allowed; this one has {size}. Delete some first."
    zh = "您的文件已占用 {used} 字节，上限为 {limit} 字节，此文件为 {size} 字节。请先删除一些文件。"


class FileInUseError(AppError):
    code = "FILE_IN_USE"
    status = 409
    en = "Something of yours shows this file, so it stays. Delete that first."
    zh = "您的其他内容正在使用此文件，因此不能删除。请先删除该内容。"


class FileStorageError(AppError):
    """The disk is full, or the storage can't be reached."""

    code = "FILE_STORAGE_UNAVAILABLE"
    status = 503
    retryable = True
    en = "The storage of files doesn't answer right now, or is full. Nothing was kept; try again soon."
    zh = "文件存储暂时不可用或已满，没有保存任何内容，请稍后重试。"


class FileLostError(AppError):
    code = "FILE_LOST"
    status = 404
    en = "The file's content is missing from the storage. Upload it again, or tell the operator."
    zh = "存储中缺少该文件的内容。请重新上传，或联系管理员。"


class FileLinkInvalidError(AppError):
    code = "FILE_LINK_INVALID"
    status = 403
    en = "This link isn't one of ours, or it was changed. Get a new one with GET /api/v1/files/{id}."
    zh = "此链接无效或已被改动。请通过 GET /api/v1/files/{id} 获取新链接。"


class FileLinkExpiredError(AppError):
    code = "FILE_LINK_EXPIRED"
    status = 410
    en = "This link has expired. Get a new one with GET /api/v1/files/{id}."
    zh = "此链接已过期。请通过 GET /api/v1/files/{id} 获取新链接。"


class UploadNotHereError(AppError):
    code = "UPLOAD_NOT_FOUND"
    status = 404
    en = "There is no such upload, or it isn't yours."
    zh = "该上传不存在，或不属于您。"


class UploadStateError(AppError):
    code = "UPLOAD_WRONG_STATE"
    status = 409
    en = "The upload is {state}; this needs it to be open. Begin another one (POST /api/v1/uploads)."
    zh = "该上传{state}，此操作要求上传仍在进行。请重新开始一个上传（POST /api/v1/uploads）。"

    def in_chinese(self, name: str, value: Any) -> Any:
        return {"completed": "已完成", "aborted": "已取消", "expired": "已过期"}.get(value, value)


class UploadBusyError(AppError):
    code = "UPLOAD_BUSY"
    status = 409
    retryable = True
    en = "Another request is putting the upload's parts together. Ask again soon."
    zh = "另一个请求正在合并该上传的分片，请稍后重试。"


class UploadIncompleteError(AppError):
    """`details` has all their numbers, as `parts`."""

    code = "UPLOAD_INCOMPLETE"
    status = 409
    en = "These parts haven't arrived, or not with their size: {parts}. Send them, then complete the upload again."
    zh = "以下分片尚未到达，或大小不符：{parts}。请发送这些分片后再次完成上传。"


class UploadPartSizeError(AppError):
    code = "UPLOAD_PART_WRONG_SIZE"
    status = 422
    en = "Part {number} has {size} bytes, no more and no less. Nothing of it was kept; send it again."
    zh = "第 {number} 个分片须恰好为 {size} 字节。未保存任何内容，请重新发送。"


class UploadHashError(AppError):
    code = "UPLOAD_HASH_DIFFERS"
    status = 422
    en = "The parts together have the SHA-256 {found}, and {announced} was announced. Send the parts that differ again."
    zh = "合并后的文件 SHA-256 为 {found}，与声明的 {announced} 不符。请重新发送有差异的分片。"


class UploadLinkError(AppError):
    code = "UPLOAD_LINK_INVALID"
    status = 403
    en = "This address isn't one of ours, was changed, or has expired. Get new ones with GET /api/v1/uploads/{id}."
    zh = "此地址无效、已被改动或已过期。请通过 GET /api/v1/uploads/{id} 获取新地址。"


class FileRangeError(AppError):
    code = "FILE_RANGE_INVALID"
    status = 416
    en = "The file has {size} bytes; the range that was asked for begins behind its end."
    zh = "文件共 {size} 字节，所请求的范围超出末尾。"
