"""What can go wrong with 3D models."""

from typing import Any

from config.errors import AppError
from generation.errors import states_in_chinese


class MeshUnreadableError(AppError):
    code = "MESH_UNREADABLE"
    status = 422
    en = (
        "By its content the file is none of GLB, STL, OBJ (alone or in a ZIP), 3MF and PLY, or it is damaged: what it "
        "says of itself isn't what it holds."
    )
    zh = "按内容判断，该文件不是 GLB、STL、OBJ（单独或在 ZIP 中）、3MF 或 PLY，或者已损坏：文件所声明的与实际内容不符。"


class MeshEmptyError(AppError):
    code = "MESH_EMPTY"
    status = 422
    en = "The file holds no triangle with a size, so there is nothing to show or print."
    zh = "文件中没有任何有大小的三角形，因此无可显示或打印的内容。"


class MeshTooComplexError(AppError):
    code = "MESH_TOO_COMPLEX"
    status = 422
    en = (
        "The model is too complex: at most {limit} triangles are taken, and working on them may take only so much "
        "time and memory. Reduce it in a mesh editor and send that."
    )
    zh = "模型过于复杂：最多接受 {limit} 个三角形，读取所用的时间和内存也有上限。请在网格编辑软件中简化后再发送。"


class MeshNumbersError(AppError):
    code = "MESH_NUMBERS_INVALID"
    status = 422
    en = "Some of the model's corners lie nowhere: their coordinates are infinite or no numbers."
    zh = "模型的部分顶点没有有效位置：坐标为无穷大或不是数字。"


class MeshReferencesError(AppError):
    code = "MESH_HAS_REFERENCES"
    status = 422
    en = (
        "The file refers to something outside of it ({reference}). Nothing is fetched or opened for it: put all data "
        "into the file itself, textures into the ZIP."
    )
    zh = "文件引用了其外部的内容（{reference}）。这些内容不会被打开：请将所有数据放入文件本身，贴图放入 ZIP。"


class MeshUnsupportedError(AppError):
    code = "MESH_UNSUPPORTED"
    status = 422
    en = "The file needs a feature that isn't read here: {feature}. Save it without that, uncompressed for instance."
    zh = "文件需要此处不支持的功能：{feature}。请去除该功能后重新保存，例如不使用压缩。"


class MeshSizeError(AppError):
    code = "MESH_SIZE_IMPLAUSIBLE"
    status = 422
    en = (
        "By its unit the model would be {longest_mm} mm long. Say in which unit its numbers are, or how long its "
        "longest side is to be."
    )
    zh = "按其单位，模型长度将为 {longest_mm} 毫米。请说明数字所用的单位，或最长边应有的长度。"


class ArchiveUnsafeError(AppError):
    code = "ARCHIVE_UNSAFE"
    status = 422
    en = "The archive isn't unpacked, because {problem}. Pack the model's files anew."
    zh = "压缩包未被解压：{problem}。请重新打包模型文件。"

    def in_chinese(self, name: str, value: object) -> object:
        return PROBLEMS_IN_CHINESE.get(str(value), value) if name == "problem" else value


#: What may be wrong with an archive (`models3d.domain.meshes.reading.archives`).
PROBLEMS_IN_CHINESE = {
    "an entry's path leads out of it": "其中有条目的路径指向压缩包之外",
    "it holds a link or a device": "其中含有链接或设备文件",
    "it holds too many files": "其中文件过多",
    "its folders are nested too deeply": "其中文件夹嵌套过深",
    "it would become too large": "解压后会过大",
    "it is packed suspiciously tightly": "其压缩率高得可疑",
    "two of its entries have the same name": "其中有两个条目同名",
    "it is encrypted": "它已加密",
    "it is damaged, or packed in an unknown way": "它已损坏，或使用了未知的压缩方式",
}


class ModelSourceError(AppError):
    code = "MODEL_SOURCE_INVALID"
    status = 422
    en = "Name exactly one of `prompt`, `request_id`, `image_file_id` and `file_id`."
    zh = "请在 prompt、request_id、image_file_id 和 file_id 中恰好指定一项。"


class ModelRequestUnknownError(AppError):
    code = "MODEL_REQUEST_UNKNOWN"
    status = 422
    en = "You have no such image request. GET /requests lists yours."
    zh = "您没有该图片请求，可通过 GET /requests 查看。"


class ModelNothingSelectedError(AppError):
    code = "MODEL_NOTHING_SELECTED"
    status = 409
    en = "No image of this request is selected. POST /requests/{id}/select chooses one."
    zh = "该图片请求尚未选定图片，请先通过 POST /requests/{id}/select 选择。"


class ModelExistsError(AppError):
    code = "MODEL_EXISTS"
    status = 409
    en = "A model of this request's image is there or being made: {model_id}. Delete it to have another one made."
    zh = "该请求的图片已有或正在制作模型：{model_id}。如需重新制作，请先删除它。"


class ModelPictureError(AppError):
    code = "MODEL_NOT_A_PICTURE"
    status = 422
    en = "The file is {media_type}; a model is made of a picture: PNG, JPEG, WebP or GIF."
    zh = "该文件的类型是 {media_type}；制作模型需要图片：PNG、JPEG、WebP 或 GIF。"


class ModelMeshError(AppError):
    code = "MODEL_NOT_A_MESH"
    status = 422
    en = "The file is {media_type} and no mesh: GLB, STL, OBJ, an OBJ with its textures in a ZIP, 3MF or PLY."
    zh = "该文件的类型是 {media_type}，不是网格：需要 GLB、STL、OBJ、含纹理的 OBJ 压缩包、3MF 或 PLY。"


class ModelRemixError(AppError):
    code = "MODEL_REMIX_UNKNOWN"
    status = 422
    en = "There is no such model that you could remix: it is neither public nor yours."
    zh = "没有可供改编的该模型：它既未公开，也不属于您。"


class ModelRemixForbiddenError(AppError):
    code = "MODEL_REMIX_FORBIDDEN"
    status = 422
    en = "The licence of that model, {licence}, allows no remixes."
    zh = "该模型的许可证 {licence} 不允许改编。"


class ModelGoneError(AppError):
    code = "MODEL_GONE"
    status = 409
    en = "The model was deleted before this was done."
    zh = "该模型在完成前已被删除。"


class ModelStateError(AppError):
    code = "MODEL_WRONG_STATE"
    status = 409
    en = "The model is {status}; this needs it to be {wanted}."
    zh = "该模型当前状态为“{status}”，此操作要求状态为“{wanted}”。"

    def in_chinese(self, name: str, value: Any) -> Any:
        return states_in_chinese(str(value))


class ModelLicenceError(AppError):
    code = "MODEL_NEEDS_LICENCE"
    status = 422
    en = "A public model has a licence."
    zh = "公开的模型必须有许可证。"


class ModelFormatError(AppError):
    code = "MODEL_FORMAT_UNKNOWN"
    status = 422
    en = "There is no format {format}. A model comes as {formats}."
    zh = "没有格式“{format}”。模型可以以下格式提供：{formats}。"


class MeshUnusableError(AppError):
    """What came is paid for. Nobody buys another one unasked."""

    code = "MESH_UNUSABLE"
    status = 502
    en = "What the provider sent is no mesh that can be kept. Retry its job to have another one made, at a cost."
    zh = "服务商返回的内容不是可以保存的网格。可重试该任务，重新制作会再次计费。"


# -- the gallery -----------------------------------------------------------------------------------------------------


class ModelNotPublicError(AppError):
    code = "PUBLIC_MODEL_NOT_FOUND"
    status = 404
    en = "There is no public model with this id. GET /models/public lists them."
    zh = "没有该 id 的公开模型，可通过 GET /models/public 查看。"


class ModelIsTestError(AppError):
    code = "MODEL_IS_TEST"
    status = 409
    en = "The model was made with a test token, so it can't be published."
    zh = "该模型由测试令牌制作，不能公开。"


class ModelHiddenError(AppError):
    code = "MODEL_HIDDEN"
    status = 409
    en = "Staff took the model out of the gallery ({reason}), so it can't be published."
    zh = "工作人员已将该模型移出画廊（{reason}），因此不能公开。"

    def in_chinese(self, name: str, value: object) -> object:
        return REASONS_IN_CHINESE.get(str(value), value) if name == "reason" else value


#: Why a model may have been reported (`models3d.domain.words.ReportReason`).
REASONS_IN_CHINESE = {
    "copyright": "侵犯他人权利",
    "offensive": "内容令人反感",
    "dangerous": "危险物品",
    "spam": "广告",
    "other": "其他原因",
}


class ModelRemixLicenceError(AppError):
    code = "MODEL_REMIX_LICENCE"
    status = 422
    en = "The model is a remix of one under {parent}, so it can't be published under {licence}."
    zh = "该模型改编自采用 {parent} 许可证的模型，因此不能以 {licence} 公开。"


class ModelReportDecidedError(AppError):
    code = "MODEL_REPORT_DECIDED"
    status = 409
    en = "Somebody of the staff has decided on this report already."
    zh = "该举报已由其他工作人员处理。"


class ModelFileFailedError(AppError):
    code = "MODEL_FILE_FAILED"
    status = 409
    en = "The model couldn't be converted to {format}. Take another format."
    zh = "该模型无法转换为 {format} 格式，请选择其他格式。"
