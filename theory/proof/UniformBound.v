(** * One radius and one constant for all [t]

    If [|J| < 1], the second phase never leaves the neighbourhood of rest, so that the geometric
    bound holds for every [t] at once, with a constant that decays as [t ((1 + |J|) / 2)^t]. *)

From Coq Require Import Reals Lra Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Gradients Dynamics Network Drift Expansion ExpansionStep ExpansionBound.
Set Implicit Arguments.
Open Scope R_scope.

Lemma pow_difference q j t : 0 <= j <= q -> q ^ t - j ^ t <= INR t * (q - j) * q ^ (t - 1).
Proof.
intros Hj. induction t as [|t IH]. simpl. lra.
rewrite S_INR. replace (S t - 1)%nat with t by lia.
assert (P : j ^ t <= q ^ t) by (now apply pow_incr).
assert (Q : q * (q ^ t - j ^ t) <= INR t * (q - j) * q ^ t).
{ destruct t as [|t]. simpl. lra.
  replace (S t - 1)%nat with t in IH by lia.
  apply Rle_trans with (q * (INR (S t) * (q - j) * q ^ t)). apply Rmult_le_compat_l; lra. right. simpl pow. ring. }
assert (W : (q - j) * j ^ t <= (q - j) * q ^ t) by (apply Rmult_le_compat_l; lra).
simpl pow. lra.
Qed.
Lemma total_pow q t : 0 <= q < 1 -> total (pow q) t <= / (1 - q).
Proof.
intros Hq. assert (E : (1 - q) * total (pow q) t = 1 - q ^ t).
{ induction t as [|t IH]; simpl. ring. rewrite Rmult_plus_distr_l, IH. simpl. ring. }
assert (P : 0 <= q ^ t) by (apply pow_le; lra).
apply Rmult_le_reg_l with (1 - q). lra. rewrite E, Rinv_r by lra. lra.
Qed.
Lemma product_le a b c e : 0 <= a -> 0 <= b -> a <= c -> b <= e -> a * b <= c * e.
Proof. intros. now apply Rmult_le_compat. Qed.

Section Uniform.
Variables (d : expansion_data) (g h k : R).
Hypothesis Hd : sizes_nonnegative d.
Hypothesis contracts : size_J d < 1.
Hypothesis g_pos : 0 <= g.
Hypothesis rs_pos : 0 < radius_state d.
Hypothesis rp_pos : 0 < radius_param d.
Hypothesis h_pos : 0 < h.
Hypothesis k_pos : 0 <= k.
Hypothesis small : h + k <= uniform_radius d g.
Let rate := uniform_rate d.
Let M := reach_state d g.
Let P := reach_param d g.
Let m := h * M.
Let n := k * h * P.
Let q := size_J d + drift d h k m n.

Lemma M_pos : 0 <= M.
Proof.
unfold M, reach_state, uniform_rate. apply Rmult_le_pos. exact g_pos. left. apply Rinv_0_lt_compat. lra.
Qed.
Lemma lipschitz_pos : 0 <= lipschitz_Phi d (radius_state d) (radius_param d).
Proof. exact (proj1 (@drift_nonneg d 0 0 (radius_state d) (radius_param d) Hd (Rle_refl 0) (Rle_refl 0) (Rlt_le _ _ rs_pos) (Rlt_le _ _ rp_pos))). Qed.
Lemma P_pos : 0 <= P.
Proof. unfold P, reach_param. apply Rmult_le_pos. exact lipschitz_pos. exact M_pos. Qed.
Lemma curvature_pos : 0 <= uniform_curvature d g.
Proof.
unfold uniform_curvature. fold M P. assert (A := M_pos). assert (A2 := P_pos). assert (A3 := pow2_ge_0 M).
destruct Hd as [? [? [? [? [? [? [? [? [? [? ?]]]]]]]]]].
repeat (assumption || lra || apply Rplus_le_le_0_compat || apply Rmult_le_pos).
Qed.
Lemma drift_constant_pos : 0 <= uniform_drift d g.
Proof.
unfold uniform_drift. fold M P. assert (A := M_pos). assert (A2 := P_pos). assert (A3 := pow2_ge_0 M). assert (A4 := curvature_pos).
destruct Hd as [? [? [? [? [? [? [? [? [? [? ?]]]]]]]]]].
repeat (assumption || lra || apply Rplus_le_le_0_compat || apply Rmult_le_pos).
Qed.
Lemma small_parts : h + k <= 1 /\ 2 * uniform_drift d g * (h + k) <= 1 - size_J d /\ m <= radius_state d /\ n <= radius_param d.
Proof.
unfold uniform_radius in small. fold M P in small.
assert (A := M_pos). assert (A2 := P_pos). assert (A4 := drift_constant_pos).
assert (S1 : h + k <= 1) by (eapply Rle_trans; [exact small | eapply Rle_trans; [apply Rmin_l | apply Rmin_l]]).
assert (S2 : h + k <= (1 - size_J d) / (1 + 2 * uniform_drift d g)) by (eapply Rle_trans; [exact small | eapply Rle_trans; [apply Rmin_l | apply Rmin_r]]).
assert (S3 : h + k <= radius_state d / (1 + M)) by (eapply Rle_trans; [exact small | eapply Rle_trans; [apply Rmin_r | apply Rmin_l]]).
assert (S4 : h + k <= radius_param d / (1 + P)) by (eapply Rle_trans; [exact small | eapply Rle_trans; [apply Rmin_r | apply Rmin_r]]).
assert (Fraction : forall x a b, 0 <= a -> 0 <= x -> x <= b / (1 + a) -> x * a <= b).
{ intros x a b Ha Hx Hb. apply (Rmult_le_compat_r (1 + a)) in Hb; [|lra].
  replace (b / (1 + a) * (1 + a)) with b in Hb by (field; lra). lra. }
split. exact S1. split.
- apply Rle_trans with ((h + k) * (2 * uniform_drift d g)). right; ring. apply Fraction; lra.
- split.
  + unfold m. apply Rle_trans with ((h + k) * M). apply Rmult_le_compat_r; lra. apply Fraction; lra.
  + unfold n. apply Rle_trans with ((h + k) * P). apply Rmult_le_compat_r; auto. nra. apply Fraction; lra.
Qed.
Lemma lipschitz_le : lipschitz_Phi d m n <= lipschitz_Phi d (radius_state d) (radius_param d).
Proof.
destruct small_parts as [S1 [_ [S3 S4]]]. assert (A := M_pos). assert (A2 := P_pos).
assert (m0 : 0 <= m) by (unfold m; apply Rmult_le_pos; lra).
unfold lipschitz_Phi. destruct Hd as [? [? [? [? [? [? [? [? [? [? ?]]]]]]]]]].
assert (m ^ 2 <= radius_state d ^ 2) by (apply pow_incr; lra).
apply Rplus_le_compat. apply Rplus_le_compat_l. apply Rmult_le_compat_l; auto. apply Rmult_le_pos; lra.
apply Rplus_le_compat; now apply Rmult_le_compat_l.
Qed.
Lemma curvature_le : lipschitz_Phi d m n - size_C d <= uniform_curvature d g * (h + k).
Proof.
destruct small_parts as [S1 [_ [S3 S4]]]. assert (A := M_pos). assert (A2 := P_pos).
unfold lipschitz_Phi, uniform_curvature. fold M P. destruct Hd as [? [? [? [? [? [? [? [? [? [? ?]]]]]]]]]].
assert (E1 : m <= (h + k) * M) by (unfold m; apply Rmult_le_compat_r; lra).
assert (E2 : m ^ 2 <= (h + k) * M ^ 2).
{ unfold m. replace ((h * M) ^ 2) with (h * h * M ^ 2) by ring. apply Rmult_le_compat_r. apply pow2_ge_0. nra. }
assert (E3 : n <= (h + k) * P) by (unfold n; apply Rmult_le_compat_r; auto; nra).
apply (Rmult_le_compat_l (2 * size_T d)) in E1; [|lra]. apply (Rmult_le_compat_l (cubic_Phi d)) in E2; auto.
apply (Rmult_le_compat_l (mixed_Phi d)) in E3; auto. lra.
Qed.
Lemma drift_le : drift d h k m n <= uniform_drift d g * (h + k).
Proof.
destruct small_parts as [S1 [_ [S3 S4]]]. assert (A := M_pos). assert (A2 := P_pos).
assert (LP : 0 <= lipschitz_Phi d m n).
{ apply (@drift_nonneg d 0 0 m n Hd); try lra. unfold m; apply Rmult_le_pos; lra. unfold n. apply Rmult_le_pos; auto. nra. }
assert (CL := curvature_le). assert (LL := lipschitz_le). assert (CP := curvature_pos).
assert (E1 : m <= (h + k) * M) by (unfold m; apply Rmult_le_compat_r; lra).
assert (E2 : m ^ 2 <= (h + k) * M ^ 2).
{ unfold m. replace ((h * M) ^ 2) with (h * h * M ^ 2) by ring. apply Rmult_le_compat_r. apply pow2_ge_0. nra. }
assert (E3 : n <= (h + k) * P) by (unfold n; apply Rmult_le_compat_r; auto; nra).
assert (E4 : m * (k * lipschitz_Phi d m n) <= (h + k) * P).
{ unfold m, P, reach_param. fold M. replace (h * M * (k * lipschitz_Phi d (h * M) n)) with (h * k * (lipschitz_Phi d m n * M)) by (unfold m; ring).
  apply Rmult_le_compat. nra. now apply Rmult_le_pos. nra. now apply Rmult_le_compat_r. }
assert (E5 : k * (lipschitz_Phi d m n - size_C d) <= (h + k) * uniform_curvature d g).
{ apply Rle_trans with (k * (uniform_curvature d g * (h + k))). now apply Rmult_le_compat_l.
  replace (k * (uniform_curvature d g * (h + k))) with ((k * (h + k)) * uniform_curvature d g) by ring. apply Rmult_le_compat_r; auto. nra. }
assert (E6 : h * m <= (h + k) * M).
{ unfold m. replace (h * (h * M)) with (h * h * M) by ring. apply Rmult_le_compat_r; auto. nra. }
unfold drift, drift_first, drift_second, uniform_drift. fold M P.
destruct Hd as [? [? [? [? [? [? [? [? [? [? ?]]]]]]]]]].
apply (Rmult_le_compat_l (2 * size_Q d)) in E1; [|lra]. apply (Rmult_le_compat_l (cubic_F d)) in E2; auto.
apply (Rmult_le_compat_l (mixed_F d)) in E3; auto. apply (Rmult_le_compat_l (mixed_F d)) in E4; auto.
apply (Rmult_le_compat_l (size_B d)) in E5; auto. apply (Rmult_le_compat_l (cubic_ell d)) in E6; auto.
assert (E7 : k * (size_B d * size_C d) <= (h + k) * (size_B d * size_C d)) by (apply Rmult_le_compat_r; [now apply Rmult_le_pos | lra]).
assert (E8 : h * size_H d <= (h + k) * size_H d) by (apply Rmult_le_compat_r; lra).
unfold lipschitz_Phi in E5 at 1. lra.
Qed.
Lemma rate_bounds : size_J d <= q /\ q <= rate /\ rate < 1 /\ 0 <= q.
Proof.
destruct small_parts as [S1 [S2 _]]. assert (D := drift_le). unfold q, rate, uniform_rate.
assert (A := M_pos). assert (A2 := P_pos).
assert (0 <= drift d h k m n).
{ assert (0 <= m) by (unfold m; apply Rmult_le_pos; lra). assert (0 <= n) by (unfold n; apply Rmult_le_pos; auto; nra).
  unfold drift. generalize (proj2 (@drift_nonneg d h k m n Hd (Rlt_le _ _ h_pos) k_pos H H0)). lra. }
assert (0 <= size_J d) by apply Hd. lra.
Qed.
Lemma uniform_certificate t : geometric_certificate d h k m n 0 g q t.
Proof.
destruct small_parts as [S1 [_ [S3 S4]]]. destruct rate_bounds as [R1 [R2 [R3 R4]]]. assert (A := M_pos). assert (A2 := P_pos).
assert (T : g * total (pow q) (S t) <= M).
{ unfold M, reach_state. fold rate. unfold Rdiv. apply Rmult_le_compat_l; auto. eapply Rle_trans. apply total_pow. lra.
  apply Rinv_le_contravar; lra. }
split. split; [unfold m; apply Rmult_le_pos; lra | exact S3].
split. split; [unfold n; apply Rmult_le_pos; auto; nra | exact S4].
split. unfold q; lra.
split. unfold m. rewrite Rplus_0_l. apply Rmult_le_compat_l; lra.
assert (LP : 0 <= lipschitz_Phi d m n).
{ apply (@drift_nonneg d 0 0 m n Hd); try lra. unfold m; apply Rmult_le_pos; lra. unfold n. apply Rmult_le_pos; auto. nra. }
apply Rle_trans with (k * lipschitz_Phi d m n * (h * M)).
apply Rmult_le_compat_l. now apply Rmult_le_pos. apply Rmult_le_compat_l; lra.
unfold n, P, reach_param. fold M.
replace (k * lipschitz_Phi d m (k * h * (lipschitz_Phi d (radius_state d) (radius_param d) * M)) * (h * M))
  with (k * h * (lipschitz_Phi d m n * M)) by (unfold n, P, reach_param; fold M; ring).
apply Rmult_le_compat_l. nra. apply Rmult_le_compat_r; auto. exact lipschitz_le.
Qed.
Lemma uniform_state t : q ^ t * g - size_J d ^ t * g <= uniform_state_constant d g t * (h + k).
Proof.
destruct rate_bounds as [R1 [R2 [R3 R4]]]. assert (D := drift_le). assert (J0 : 0 <= size_J d) by apply Hd.
unfold uniform_state_constant. fold rate.
apply Rle_trans with (INR t * (q - size_J d) * q ^ (t - 1) * g).
- replace (q ^ t * g - size_J d ^ t * g) with ((q ^ t - size_J d ^ t) * g) by ring. apply Rmult_le_compat_r; auto. apply pow_difference. lra.
- replace (uniform_drift d g * (INR t * rate ^ (t - 1)) * g * (h + k)) with (INR t * (uniform_drift d g * (h + k)) * rate ^ (t - 1) * g) by ring.
  apply Rmult_le_compat_r; auto. assert (I := pos_INR t). assert (q ^ (t - 1) <= rate ^ (t - 1)) by (apply pow_incr; lra).
  assert (0 <= q ^ (t - 1)) by (apply pow_le; lra).
  assert (0 <= q - size_J d <= uniform_drift d g * (h + k)) by (unfold q in *; lra).
  apply Rmult_le_compat; auto. apply Rmult_le_pos; lra. apply Rmult_le_compat_l; lra.
Qed.
Lemma uniform_param t :
  size_C d * (q ^ t * g - size_J d ^ t * g) + (lipschitz_Phi d m n - size_C d) * (q ^ t * g) <= uniform_param_constant d g t * (h + k).
Proof.
destruct rate_bounds as [R1 [R2 [R3 R4]]]. assert (U := uniform_state t). assert (CL := curvature_le). assert (CP := curvature_pos).
unfold uniform_param_constant. fold rate. rewrite Rmult_plus_distr_r. apply Rplus_le_compat.
- rewrite Rmult_assoc. apply Rmult_le_compat_l. apply Hd. exact U.
- assert (q ^ t <= rate ^ t) by (apply pow_incr; lra). assert (0 <= q ^ t) by (apply pow_le; lra).
  assert (Qg : 0 <= q ^ t * g) by (now apply Rmult_le_pos). assert (q ^ t * g <= rate ^ t * g) by (now apply Rmult_le_compat_r).
  apply Rle_trans with (uniform_curvature d g * (h + k) * (q ^ t * g)). now apply Rmult_le_compat_r.
  replace (uniform_curvature d g * rate ^ t * g * (h + k)) with (uniform_curvature d g * (h + k) * (rate ^ t * g)) by ring.
  apply Rmult_le_compat_l; auto. apply Rmult_le_pos; lra.
Qed.
End Uniform.

Theorem uniform_bound (N : network) DF DPhi_theta (X : curvature N) (d : expansion_data) (g beta eta : R) :
  has_primitive_function N -> derivatives N DF DPhi_theta -> loss_differentiable N -> settled N ->
  sizes_nonnegative d -> @expands N DF DPhi_theta X d -> 0 < radius_state d -> 0 < radius_param d ->
  norm (grad_ell N (s_star N)) <= g -> size_J d < 1 ->
  beta <> 0 -> Rabs beta + Rabs (eta / beta) <= uniform_radius d g ->
  forall (t : nat) (g_s : State N) (g_th : Param N), is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  norm (plus (Delta_state N t beta eta) g_s) <= uniform_state_constant d g t * (Rabs beta + Rabs (eta / beta)) /\
  (eta <> 0 -> norm (plus (Delta_param N t beta eta) g_th) <= uniform_param_constant d g t * (Rabs beta + Rabs (eta / beta))).
Proof.
intros HP HD Hl HS Hd HE rs rp Hg HJ Hb Hr t g_s g_th Hs Hth.
assert (g0 : 0 <= g) by exact (Rle_trans _ _ _ (norm_ge_0 _) Hg).
assert (hp : 0 < Rabs beta) by (now apply Rabs_pos_lt). assert (kp := Rabs_pos (eta / beta)).
assert (C := @uniform_certificate d g (Rabs beta) (Rabs (eta / beta)) Hd HJ g0 rs rp hp kp Hr t).
assert (S0 : norm (minus (s_star N) (s_star N)) <= 0).
{ assert (E : minus (s_star N) (s_star N) = zero) by module (State N). rewrite E, norm_zero. lra. }
assert (S1 : norm (residual N (s_star N)) / Rabs beta + norm (minus (grad_ell N (s_star N)) (grad_ell N (s_star N))) <= 0).
{ assert (E : residual N (s_star N) = zero) by (unfold residual, settled in *; rewrite HS; module (State N)).
  assert (E2 : minus (grad_ell N (s_star N)) (grad_ell N (s_star N)) = zero) by module (State N).
  rewrite E, E2, !norm_zero. unfold Rdiv. lra. }
set (m := Rabs beta * reach_state d g) in *. set (n := Rabs (eta / beta) * Rabs beta * reach_param d g) in *.
set (q := size_J d + drift d (Rabs beta) (Rabs (eta / beta)) m n) in *.
rewrite <- (Rplus_0_r g) in C at 1.
destruct (@geometric_bound N DF DPhi_theta X d HP HD Hl HS Hd HE (s_star N) beta eta t 0 g 0 Hb S0 Hg S1 m n q C g_s g_th Hs Hth) as [B1 B2].
rewrite Rplus_0_r in B1, B2.
split.
- eapply Rle_trans. exact B1. exact (@uniform_state d g (Rabs beta) (Rabs (eta / beta)) Hd HJ g0 rs rp hp kp Hr t).
- intros He. eapply Rle_trans. exact (B2 He). exact (@uniform_param d g (Rabs beta) (Rabs (eta / beta)) Hd HJ g0 rs rp hp kp Hr t).
Qed.
