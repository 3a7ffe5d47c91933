
import config.db
import config.search.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0012_price_tiers'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ImageRequest',
            fields=[
                ('id', models.UUIDField(default=config.db.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='changed')),
                ('prompt', models.TextField(max_length=500, verbose_name='prompt')),
                ('negative_prompt', models.TextField(blank=True, max_length=500, verbose_name='negative prompt')),
                ('is_optimized', models.BooleanField(default=True, verbose_name='prompts written by a model')),
                ('style', models.CharField(blank=True, choices=[('realistic', 'realistic'), ('cartoon', 'cute cartoon'), ('geometric', 'geometric'), ('japanese', 'soft Japanese')], max_length=20, verbose_name='style')),
                ('size', models.CharField(choices=[('square', 'square'), ('landscape', 'landscape'), ('portrait', 'portrait')], default='square', max_length=20, verbose_name='shape')),
                ('quality', models.CharField(choices=[('standard', 'standard'), ('high', 'high')], default='standard', max_length=20, verbose_name='quality')),
                ('model', models.CharField(blank=True, max_length=161, verbose_name='model')),
                ('count', models.PositiveSmallIntegerField(verbose_name='pictures')),
                ('seed', models.BigIntegerField(verbose_name='seed')),
                ('prompts_error', models.JSONField(blank=True, null=True, verbose_name='why no prompts were written')),
                ('selected_at', models.DateTimeField(blank=True, null=True, verbose_name='selected at')),
                ('search_text', config.search.fields.SearchText('prompt')),
                ('job', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='image_request', to='generation.job', verbose_name='job')),
                ('mesh_job', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='generation.job', verbose_name='job of the model')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
            ],
            options={
                'verbose_name': 'image request',
                'verbose_name_plural': 'image requests',
            },
        ),
        migrations.CreateModel(
            name='RequestImage',
            fields=[
                ('id', models.UUIDField(default=config.db.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='changed')),
                ('position', models.PositiveSmallIntegerField(verbose_name='number')),
                ('style', models.CharField(choices=[('realistic', 'realistic'), ('cartoon', 'cute cartoon'), ('geometric', 'geometric'), ('japanese', 'soft Japanese')], max_length=20, verbose_name='style')),
                ('prompt', models.TextField(verbose_name='prompt')),
                ('seed', models.BigIntegerField(verbose_name='seed')),
                ('provider', models.CharField(blank=True, max_length=40, verbose_name='provider')),
                ('model', models.CharField(blank=True, max_length=120, verbose_name='model')),
                ('is_procedural', models.BooleanField(default=False, verbose_name='procedural')),
                ('file', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='generation.storedfile', verbose_name='file')),
                ('job', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='request_image', to='generation.job', verbose_name='job')),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='images', to='generation.imagerequest', verbose_name='request')),
            ],
            options={
                'verbose_name': 'picture of a request',
                'verbose_name_plural': 'pictures of requests',
            },
        ),
        migrations.AddField(
            model_name='imagerequest',
            name='selected',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='generation.requestimage', verbose_name='selected picture'),
        ),
        migrations.AddConstraint(
            model_name='requestimage',
            constraint=models.CheckConstraint(condition=models.Q(('id', models.F('job_id'))), name='request_image_has_its_jobs_id'),
        ),
        migrations.AddConstraint(
            model_name='requestimage',
            constraint=models.UniqueConstraint(fields=('request', 'position'), name='request_image_placed_once'),
        ),
        migrations.AddIndex(
            model_name='imagerequest',
            index=models.Index(fields=['owner', '-created_at', '-id'], name='image_request_owner_newest'),
        ),
        migrations.AddConstraint(
            model_name='imagerequest',
            constraint=models.CheckConstraint(condition=models.Q(('id', models.F('job_id'))), name='image_request_has_its_jobs_id'),
        ),
        migrations.AddConstraint(
            model_name='imagerequest',
            constraint=models.CheckConstraint(condition=models.Q(('count__gte', 1), ('count__lte', 4)), name='image_request_one_to_four'),
        ),
        migrations.AddConstraint(
            model_name='imagerequest',
            constraint=models.CheckConstraint(condition=models.Q(('style__in', ['', 'realistic', 'cartoon', 'geometric', 'japanese'])), name='image_request_style_known'),
        ),
        migrations.AddConstraint(
            model_name='imagerequest',
            constraint=models.CheckConstraint(condition=models.Q(('size__in', ['square', 'landscape', 'portrait'])), name='image_request_size_known'),
        ),
        migrations.AddConstraint(
            model_name='imagerequest',
            constraint=models.CheckConstraint(condition=models.Q(('quality__in', ['standard', 'high'])), name='image_request_quality_known'),
        ),
    ]
