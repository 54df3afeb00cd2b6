const zh = {
  'weekday.0': '周一', 'weekday.1': '周二', 'weekday.2': '周三', 'weekday.3': '周四', 'weekday.4': '周五', 'weekday.5': '周六', 'weekday.6': '周日',
  'weekday.short.0': '一', 'weekday.short.1': '二', 'weekday.short.2': '三', 'weekday.short.3': '四', 'weekday.short.4': '五', 'weekday.short.5': '六', 'weekday.short.6': '日',
  'month.1': '1', 'month.2': '2', 'month.3': '3', 'month.4': '4', 'month.5': '5', 'month.6': '6', 'month.7': '7', 'month.8': '8', 'month.9': '9', 'month.10': '10', 'month.11': '11', 'month.12': '12',
  'time.date': '{m}月{d}日', 'time.dateYear': '{y}年{m}月{d}日', 'time.dateWeekday': '{date}（{weekday}）', 'time.instant': '{date} {time}',
  'time.month': '{m}月', 'time.minutes': '{n} 分钟', 'time.hours': '{n} 小时', 'time.hoursMinutes': '{h} 小时 {m} 分', 'time.days': '{n} 天',
 

  'net.lost': '没有网络', 'net.lostKept': '网络断了，没有发出。您写的都还在，连上后再发一次。',
  'net.failed': '没有成功', 'net.failedKept': '系统暂时不能处理。您写的都还在，请过一会儿再试。',
  'net.page': '页面出错', 'net.pageKept': '页面出了问题。您写的都还在，请刷新后接着做。',
  'net.strip': '没有网络，可以接着填，内容存在这台设备里', 'net.again': '现在重连',
  'net.code': '编号 {code}',

  'unit.working_days': '{n} 个工作日', 'unit.calendar_days': '{n} 天', 'unit.months': '{n} 个月', 'unit.hours': '{n} 小时', 'unit.minutes': '{n} 分钟',
  'list.and': '、', 'list.comma': '，', 'list.plus': ' + ',

  'strip.key.start': '起点', 'strip.key.counted': '计入', 'strip.key.extended': '延期', 'strip.key.paused': '暂停', 'strip.key.provisional': '暂定',
  'strip.key.off': '不计', 'strip.key.due': '最迟', 'strip.key.overdue': '超期', 'strip.key.check': '核对', 'strip.key.elapsed': '已过',
  'strip.start': '{date} {time} 开始，当天不算', 'strip.startMinutes': '{date} {time} 开始', 'strip.startLaw': '民法典第二百零一条',
  'strip.adjusted': '；{days}补班，照算', 'strip.workday': '{date}（{weekday}）',
  'strip.extendedFrom': '，接在原定的{date}后面',
  'strip.paused': '{from}起停 {n} 天，到{until}', 'strip.pausedOpen': '{from}起停着，已 {n} 天', 'strip.pausedMinutes': '{from}停到{until}', 'strip.pausedMinutesOpen': '{from}起停着',
  'strip.provisional': '{year}年放假通知还没公布，{date}以后先按周末和法定节日推算，公布后自动重算',
  'strip.holiday': '{name} {n} 天', 'strip.weekend': '周末 {n} 天', 'strip.rolled': '顺延到工作日 {n} 天', 'strip.notice': '{notice} 年放假安排',
  'strip.due': '{date} 24:00', 'strip.dueMinutes': '{date} {time}', 'strip.dueProvisional': '，暂定',
  'strip.overdue': '{n} 个工作日', 'strip.overdueSince': '，{date}起', 'strip.overdueAnswered': '，{date}才完成',
  'strip.check': '{total} 天 = {parts}', 'strip.checkCounted': '计入 {n}', 'strip.checkPaused': '暂停 {n}', 'strip.checkOff': '不计 {n}',
  'strip.elapsed': '已过 {time}', 'strip.elapsedDone': '用了 {time}', 'strip.noLimit': '文件没写时限，只记用了多久',
  'strip.cell.counted': '第{n}天', 'strip.cell.narrow': '{n}天', 'strip.cell.extended': '+{n}天', 'strip.cell.overdue': '超{n}天', 'strip.cell.start': '起点',
  'strip.cell.weekend': '周末', 'strip.cell.rest': '休', 'strip.cell.holiday': '{name}放假', 'strip.cell.holidayShort': '{name}', 'strip.cell.paused': '暂停', 'strip.cell.rolled': '顺延',
  'strip.mark.today': '今天', 'strip.mark.adjusted': '补班', 'strip.mark.former': '原定', 'strip.mark.answered': '已答复', 'strip.mark.due': '最迟',
  'strip.line.adjusted': '班', 'strip.line.start': '起', 'strip.line.weekend': '休', 'strip.line.holiday': '假', 'strip.line.paused': '停', 'strip.line.due': '到期',
  'strip.fold.counted': '第 {first}–{last} 天', 'strip.fold.extended': '+{first} 到 +{last} 天', 'strip.fold.overdue': '超 {first}–{last} 天', 'strip.fold.paused': '暂停 {weeks} 周', 'strip.fold.range': '{from} 至 {to}', 'strip.fold.off': '放假 {n} 天', 'strip.fold.weeks': '{weeks} 个整周',
  'strip.legend': '怎么算的', 'strip.whyDay': '为什么是这一天', 'strip.whyDate': '为什么最迟是 {date}',

  'pill.left': '剩 {n} 个工作日', 'pill.leftMinutes': '剩 {time}', 'pill.today': '今天到期', 'pill.late': '超期 {n} 个工作日', 'pill.lateDays': '已超期', 'pill.lateMinutes': '超期 {time}',
  'pill.doneOnTime': '按时完成', 'pill.doneLate': '超期完成', 'pill.paused': '暂停', 'pill.provisional': '{date}，暂定', 'pill.elapsed': '已过 {time}',
  'pill.draft': '草稿', 'pill.cancelled': '不再计时', 'pill.sep': ' · ',

  'clause.loading': '正在取条文…', 'clause.none': '条文暂时取不到。{text}', 'clause.left': '没有做成规则的部分：{left}', 'clause.reading': '解读 {n}', 'clause.product': '系统功能',

  'form.optional': '（选填）', 'form.yes': '是', 'form.no': '否', 'form.choose': '请选择', 'form.count': '还可以写 {n} 个字', 'form.over': '多了 {n} 个字',
  'form.missing': '请填写{title}。', 'form.missingChoice': '请选择{title}。', 'form.phone': '请填写电话号码，例如 13812345678 或 023-12345678。', 'form.phoneShort': '手机号是 11 位数字，少了 {n} 位。', 'form.phoneLong': '手机号是 11 位数字，多了 {n} 位。',
  'form.number': '请填写数字。', 'form.min': '不能小于 {n}。', 'form.max': '不能大于 {n}。', 'form.date': '请填写存在的日期，例如 2021-02-05。', 'form.tooLong': '最多 {max} 个字，现在 {n} 个。',
  'form.errors': '有 {n} 处要改', 'form.saved': '{time} 已存到这台设备', 'form.savedMemory': '这台设备不让存草稿，请不要关掉本页',
  'form.entryHits': '找到 {n} 个，用上下键选择。', 'form.entryNone': '没有找到“{q}”，换个写法试试。', 'form.limitNumber': '数字', 'form.limitUnit': '单位',
  'form.year': '年', 'form.addFile': '加照片或文件', 'form.removeFile': '去掉 {name}', 'form.fileHelp': '照片、PDF 或办公文档，每个最多 20 MB。照片里的位置信息会去掉。', 'form.fileBig': '“{name}”有 {mb} MB，每个最多 20 MB。',
  'form.fileType': '“{name}”不是能收的格式。请传照片、PDF 或办公文档。', 'form.whyNot': '不采用建议的理由',

  'refusal.asked': '您要做的', 'refusal.why': '为什么不行', 'refusal.next': '接下来怎么办', 'refusal.basis': '依据', 'refusal.code': '编号 {code}',
  'timeline.more': '展开另外 {n} 条', 'timeline.you': '您', 'timeline.fold': '收起全文', 'timeline.unfold': '展开全文',
  'step.done': '（已完成）', 'step.now': '（现在）', 'step.ahead': '（还没到）',
  'file.open': '打开 {name}', 'file.none': '没有名字的文件',
};
export default zh as Record<string, string>;
